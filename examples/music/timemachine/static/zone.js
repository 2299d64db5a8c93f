// The time zone of a new account is the browser's.
document.getElementById("timezone").value = Intl.DateTimeFormat().resolvedOptions().timeZone;
