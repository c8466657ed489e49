"""Devices and threads."""

import pytest
import torch

from dnabilstm.errors import DnabilstmError
from dnabilstm.model.runtime import available_cores, choose_device, describe, prepare_process


def test_a_missing_gpu_is_an_error_not_a_slow_surprise(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert choose_device("auto").type == "cpu"
    with pytest.raises(DnabilstmError, match="no GPU"):
        choose_device("cuda")
    with pytest.raises(DnabilstmError, match="wanted one of auto, cpu, cuda"):
        choose_device("tpu")


def test_the_device_is_described():
    assert describe(torch.device("cpu")) == f"cpu ({available_cores()} cores)"


def test_operations_use_one_thread_once_prepared():
    prepare_process()
    assert torch.get_num_threads() == 1
