"""Puts a folder of shards into the bucket `syrinx` of a local S3 server: upload.py PORT FOLDER"""
import pathlib
import sys

import boto3

port, folder = sys.argv[1], pathlib.Path(sys.argv[2])
s3 = boto3.client(
    "s3",
    endpoint_url=f"http://127.0.0.1:{port}",
    aws_access_key_id="test",
    aws_secret_access_key="test",
    region_name="us-east-1",
)
s3.create_bucket(Bucket="syrinx")
files = sorted(folder.rglob("shard-*.safetensors"))
for file in files:
    s3.upload_file(str(file), "syrinx", f"shards/{file.relative_to(folder)}")
print(f"uploaded {len(files)} shards, {sum(f.stat().st_size for f in files)} bytes")
