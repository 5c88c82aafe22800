"""How flows that FuseSoC calls end: with a message or Ctrl-C, never as if all were well."""

import pytest

from flows.errors import HeepstorError
from flows.fusesoc.errors import as_fusesoc_takes_them


def test_a_users_mistake_is_a_message_of_fusesocs():
    with pytest.raises(RuntimeError, match="no bitstream"), as_fusesoc_takes_them():
        raise HeepstorError("no bitstream")


def test_ctrl_c_is_no_success():
    with pytest.raises(SystemExit) as ended, as_fusesoc_takes_them():
        raise KeyboardInterrupt
    assert ended.value.code == 130
