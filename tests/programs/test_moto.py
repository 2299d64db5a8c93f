"""moto's server, asked by boto3 as AWS is."""

from __future__ import annotations

import json

import httpx
from serving import serving

REQUIREMENTS = ("moto[server,s3,dynamodb,sqs]==5.2.5", "boto3>=1.40")
EXPECTED = {
    "s3": {
        "text": "Grüße",
        "metadata": {"by": "ada"},
        "part": True,
        "status": 206,
        "size": 5 * 2**20 + 3,
        "by_url": True,
        "missing": "NoSuchKey",
        "keys": ["a/ünïcode key+1.txt", "large", "parts"],
        "left": 2,
    },
    "dynamodb": {"found": [{"name": {"S": "ada"}, "born": {"N": "1815"}}], "count": 2},
    "sqs": ["job 0", "job 1", "job 2"],
}


def test_boto3(program, tmp_path):
    """S3 with parts, ranges and signed URLs, DynamoDB and SQS work as on Flask."""
    moto = program("moto", *REQUIREMENTS)
    with serving(moto, "moto_server -H 127.0.0.1 -p {port}", tmp_path / "log.txt") as address:
        assert json.loads(moto.run("moto_client.py", address)) == EXPECTED
        dashboard = httpx.get(f"{address}/moto-api/", timeout=20)
        assert dashboard.status_code == 200
        assert httpx.post(f"{address}/moto-api/reset", timeout=20).json() == {"status": "ok"}
