"""Files in and out.

``read``   text that may be gzipped, JSON
``write``  outputs that appear only when they are whole, and places to write to
``mapped`` memory of mapped arrays, given back
"""

from dnabilstm.files.mapped import release
from dnabilstm.files.read import BGZF_EOF, is_folder, open_text, read_json
from dnabilstm.files.write import (
    atomic_file,
    atomic_folder,
    check_file_place,
    check_folder_place,
    in_temporary_folder,
    new_folders,
    reserve,
    scratch_folder,
    write_json,
)

__all__ = [
    "BGZF_EOF",
    "atomic_file",
    "atomic_folder",
    "check_file_place",
    "check_folder_place",
    "in_temporary_folder",
    "is_folder",
    "new_folders",
    "open_text",
    "read_json",
    "release",
    "reserve",
    "scratch_folder",
    "write_json",
]
