"""What a public forge runs is what is run here."""

from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORKFLOWS = ROOT / ".github" / "workflows"


def jobs(name):
    """The jobs of a workflow, and the commands that each runs."""
    workflow = yaml.safe_load((WORKFLOWS / name).read_text("utf-8"))
    assert workflow[True]  # `on`, which YAML 1.1 takes for a truth value
    for job in workflow["jobs"].values():
        assert {"runs-on", "steps"} <= set(job)
        assert all(("run" in step) != ("uses" in step) for step in job["steps"])
    return {
        job: [step["run"] for step in its["steps"] if "run" in step]
        for job, its in workflow["jobs"].items()
    }


def test_a_change_has_to_pass_what_it_has_to_pass_here():
    assert ".ci/run" in jobs("ci.yml")["run"]


def test_a_tag_is_published_from_the_wheels_of_dev_and_only_if_it_is_the_version():
    commands = jobs("release.yml")["wheels"]
    assert "./dev wheels dist" in commands
    assert 'test "v$(./dev version)" = "$GITHUB_REF_NAME"' in commands
    publish = yaml.safe_load((WORKFLOWS / "release.yml").read_text())["jobs"]["publish"]
    assert publish["needs"] == "wheels"
    assert publish["if"] == "github.ref_type == 'tag'"


@pytest.mark.parametrize("name", ["ci.yml", "release.yml"])
def test_a_workflow_may_write_nothing_by_default_and_ends_by_itself(name):
    workflow = yaml.safe_load((WORKFLOWS / name).read_text("utf-8"))
    assert workflow["permissions"] == {"contents": "read"}
    first = next(iter(workflow["jobs"].values()))
    assert first["timeout-minutes"] <= 90


def test_every_python_that_is_promised_is_tried():
    steps = yaml.safe_load((WORKFLOWS / "release.yml").read_text())["jobs"]["wheels"]["steps"]
    [setup] = [step for step in steps if step.get("uses", "").startswith("actions/setup-python")]
    from release import smoke

    assert set(setup["with"]["python-version"].split()) == set(smoke.PYTHONS)
