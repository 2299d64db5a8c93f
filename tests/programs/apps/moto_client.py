"""Uses a moto server as AWS, by boto3: S3, DynamoDB, SQS. Prints what it found as JSON."""

import json
import sys
import urllib.request

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError


def client(name, url):
    return boto3.client(
        name,
        endpoint_url=url,
        region_name="eu-central-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
        config=Config(retries={"max_attempts": 0}, s3={"addressing_style": "path"}, proxies={}),
    )


def use_s3(s3):
    s3.create_bucket(
        Bucket="books", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    large = bytes(range(256)) * 20_000
    s3.put_object(
        Bucket="books", Key="a/ünïcode key+1.txt", Body="Grüße".encode(), Metadata={"by": "ada"}
    )
    s3.put_object(Bucket="books", Key="large", Body=large)
    text = s3.get_object(Bucket="books", Key="a/ünïcode key+1.txt")
    part = s3.get_object(Bucket="books", Key="large", Range="bytes=256-511")
    upload = s3.create_multipart_upload(Bucket="books", Key="parts")["UploadId"]
    parts = []
    for number, body in enumerate([b"x" * 5 * 2**20, b"end"], start=1):
        tag = s3.upload_part(
            Bucket="books", Key="parts", UploadId=upload, PartNumber=number, Body=body
        )["ETag"]
        parts.append({"PartNumber": number, "ETag": tag})
    s3.complete_multipart_upload(
        Bucket="books", Key="parts", UploadId=upload, MultipartUpload={"Parts": parts}
    )
    signed = s3.generate_presigned_url("get_object", {"Bucket": "books", "Key": "large"})
    with urllib.request.urlopen(signed, timeout=20) as answer:
        by_url = answer.read()
    try:
        s3.get_object(Bucket="books", Key="missing")
        missing = None
    except ClientError as error:
        missing = error.response["Error"]["Code"]
    keys = [item["Key"] for item in s3.list_objects_v2(Bucket="books")["Contents"]]
    s3.delete_object(Bucket="books", Key="large")
    return {
        "text": text["Body"].read().decode(),
        "metadata": text["Metadata"],
        "part": part["Body"].read() == bytes(range(256)),
        "status": part["ResponseMetadata"]["HTTPStatusCode"],
        "size": s3.head_object(Bucket="books", Key="parts")["ContentLength"],
        "by_url": by_url == large,
        "missing": missing,
        "keys": keys,
        "left": s3.list_objects_v2(Bucket="books")["KeyCount"],
    }


def use_dynamodb(dynamodb):
    dynamodb.create_table(
        TableName="people",
        AttributeDefinitions=[{"AttributeName": "name", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "name", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    for name, born in (("ada", 1815), ("grace", 1906)):
        dynamodb.put_item(TableName="people", Item={"name": {"S": name}, "born": {"N": str(born)}})
    found = dynamodb.query(
        TableName="people",
        KeyConditionExpression="#n = :n",
        ExpressionAttributeNames={"#n": "name"},
        ExpressionAttributeValues={":n": {"S": "ada"}},
    )
    return {"found": found["Items"], "count": dynamodb.scan(TableName="people")["Count"]}


def use_sqs(sqs):
    url = sqs.create_queue(QueueName="work")["QueueUrl"]
    for number in range(3):
        sqs.send_message(QueueUrl=url, MessageBody=f"job {number}")
    taken = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    return sorted(message["Body"] for message in taken)


if __name__ == "__main__":
    address = sys.argv[1]
    print(
        json.dumps(
            {
                "s3": use_s3(client("s3", address)),
                "dynamodb": use_dynamodb(client("dynamodb", address)),
                "sqs": use_sqs(client("sqs", address)),
            }
        )
    )
