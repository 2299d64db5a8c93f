"""Music Time Machine: a dashboard of one's listening history, built as a Flask team would."""
