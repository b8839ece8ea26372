"""Files on S3, with what django-storages does not offer."""

import mimetypes
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from botocore.exceptions import ClientError
from storages.backends.s3 import S3Storage

from photofinder.errors import Problem


class JoiningS3Storage(S3Storage):  # type: ignore[misc] # untyped
    """The bucket of the site, whose server joins files: none of their bytes comes here."""

    def join(self, name: str, parts: Iterable[str]) -> None:
        """photofinder.storage.join, as a multipart upload that copies (UploadPartCopy)."""
        self.join_drop(name)
        upload = self.bucket.Object(name).initiate_multipart_upload(
            ContentType=mimetypes.guess_type(name)[0] or self.default_content_type
        )
        try:
            copied = [self._copied(upload.Part(number), part) for number, part in enumerate(parts, 1)]
            upload.complete(MultipartUpload={"Parts": copied})
        except BaseException:
            upload.abort()
            raise

    def join_drop(self, name: str) -> None:
        """photofinder.storage.join_drop."""
        for left in self.bucket.multipart_uploads.filter(Prefix=name):
            left.abort()

    def _copied(self, part: Any, key: str) -> Any:
        try:
            answer = part.copy_from(CopySource={"Bucket": self.bucket_name, "Key": key})
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == HTTPStatus.NOT_FOUND:
                raise Problem("missing", "The file is not in the storage any more.") from error
            raise
        return {"PartNumber": part.part_number, "ETag": answer["CopyPartResult"]["ETag"]}
