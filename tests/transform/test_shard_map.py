import json
import os
import subprocess
import sys

import pytest


@pytest.mark.slow
def test_both_rules_run_in_and_around_shard_map_on_two_devices():
    # The number of devices is fixed when JAX starts, so this needs a process of its own.
    flags = os.environ.get("XLA_FLAGS", "") + " --xla_force_host_platform_device_count=2"
    done = subprocess.run(
        [sys.executable, "-m", "tests.transform.sharded"],
        env={**os.environ, "XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    errors = json.loads(done.stdout)
    assert len(errors) == 6
    assert {name: e for name, e in errors.items() if not e < 1e-12} == {}
