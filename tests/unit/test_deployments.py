"""What is shipped to run docmill elsewhere: the image, the compose file and the manifests, checked without a network or a daemon."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from blocks.dask_cluster import DASK_SETTINGS
from docmill.cli.prefect_settings import PREFECT_JSON_LOGS, PREFECT_RETENTION, prefect_environment
from docmill.cli.prefect_setup import upkeep_words, worker_words
from docmill.settings import Settings

FOLDER = Path(__file__).parents[2] / "deployments"
MANIFESTS = [(path.name, body) for path in sorted((FOLDER / "kubernetes").glob("*.yaml")) for body in yaml.safe_load_all(path.read_text())]
COMPOSE = yaml.safe_load((FOLDER / "compose.yaml").read_text())
LEDGER_SECRETS = {"DOCMILL_LEDGER_URL", "DOCMILL_LEDGER_KEY"}


def pods():
    for _, body in MANIFESTS:
        if "template" in body.get("spec", {}):
            yield body["metadata"]["name"], body["spec"]["template"]["spec"]


def containers():
    return [(f"{name}/{one['name']}", one) for name, pod in pods() for one in pod["containers"]]


def test_the_dockerfile_has_no_faults():
    done = subprocess.run(
        [Path(sys.executable).with_name("hadolint"), FOLDER / "Dockerfile"], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.stdout, done.returncode) == ("", 0)
    users = re.findall(r"^USER (\S+)", (FOLDER / "Dockerfile").read_text(), re.MULTILINE)
    assert users == ["10001:10001"]


@pytest.mark.parametrize(("file", "body"), MANIFESTS, ids=lambda x: x if isinstance(x, str) else f"{x['kind']}-{x['metadata']['name']}")
def test_a_manifest_is_valid_and_in_the_namespace(file, body):
    kubernetes_validate.validate(body, "1.30", strict=True)
    assert body["metadata"].get("namespace", body["metadata"]["name"]) == "docmill"


@pytest.mark.parametrize(("name", "one"), containers(), ids=lambda x: x if isinstance(x, str) else "")
def test_a_container_asks_for_what_it_needs_and_may_do_no_more(name, one):
    assert set(one["resources"]["requests"]) == {"cpu", "memory"}
    assert one["resources"]["limits"]["memory"]
    context = one["securityContext"]
    assert (context["allowPrivilegeEscalation"], context["readOnlyRootFilesystem"]) == (False, True)
    assert context["capabilities"] == {"drop": ["ALL"]}
    assert not one["image"].endswith(":latest")


def test_pods_run_as_nobody_special_and_mount_only_what_is_there():
    for name, pod in pods():
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["automountServiceAccountToken"] is False
        (owner,) = [body for _, body in MANIFESTS if body["metadata"]["name"] == name and "template" in body.get("spec", {})]
        claims = {claim["metadata"]["name"] for claim in owner["spec"].get("volumeClaimTemplates", ())}
        volumes = {volume["name"] for volume in pod["volumes"]} | claims
        for one in pod["containers"]:
            assert {mount["name"] for mount in one["volumeMounts"]} <= volumes


def test_only_parts_that_open_the_ledger_know_how():
    for name, one in containers():
        known = {env["name"] for env in one.get("env", ())}
        assert bool(known & LEDGER_SECRETS) == name.startswith(("docmill/", "docmill-set-up/")), name
        assert all("valueFrom" in env for env in one.get("env", ()) if re.search("PASSWORD|KEY$|LEDGER_URL|CONNECTION_URL", env["name"]))
    assert not LEDGER_SECRETS & set(COMPOSE["services"]["dask-worker"]["environment"])
    assert set(COMPOSE["services"]["flows"]["environment"]) >= LEDGER_SECRETS


def test_every_setting_that_is_set_exists():
    known = {f"DOCMILL_{name.upper()}" for name in Settings.model_fields} | {"DOCMILL_WORKDIR"}
    used = set(
        re.findall(
            r"\bDOCMILL_[A-Z_]+\b",
            "".join(path.read_text() for path in FOLDER.rglob("*") if path.suffix in {".yaml", ""} and path.is_file()),
        )
    )
    assert used - known == set()


def test_dask_is_set_as_docmill_needs_it_and_speaks_tls_in_kubernetes():
    (found,) = [body["data"] for _, body in MANIFESTS if body["kind"] == "ConfigMap" and body["metadata"]["name"] == "dask"]
    cluster = dict(re.findall(r'"(DASK_\w+)": "([^"]+)"', (FOLDER / "up_cluster.py").read_text()))
    wanted = {f"DASK_{name.upper().replace('.', '__').replace('-', '_')}": str(value) for name, value in DASK_SETTINGS.items()}
    del wanted["DASK_DISTRIBUTED__DEPLOY__LOST_WORKER_TIMEOUT"]  # of a cluster that docmill starts in its own process
    for place in (found, cluster, COMPOSE["services"]["scheduler"]["environment"], COMPOSE["services"]["dask-worker"]["environment"]):
        assert wanted.items() <= place.items()
    code = "import json; from distributed.security import Security; s = Security()\n"
    code += "print(json.dumps({k: getattr(s, k) for k in s.__slots__ if k.startswith(('tls_', 'require')) and 'version' not in k}))"
    said = json.loads(subprocess.run([sys.executable, "-c", code], env=found, capture_output=True, timeout=60, check=True).stdout)
    assert said["require_encryption"] is True
    assert said["tls_ca_file"] == "/secrets/dask/ca.crt"
    assert {said[f"tls_{role}_cert"] for role in ("scheduler", "worker", "client")} == {"/secrets/dask/tls.crt"}
    assert {said[f"tls_{role}_key"] for role in ("scheduler", "worker", "client")} == {"/secrets/dask/tls.key"}


def test_prefects_server_forgets_old_runs_wherever_it_runs():
    """The image's own environment holds in compose and Kubernetes, that of the settings in `docmill up`."""
    image = dict(re.findall(r"(PREFECT_SERVER_[A-Z_]+)=(\S+)", (FOLDER / "Dockerfile").read_text()))
    assert {name: image.get(name) for name in PREFECT_RETENTION} == PREFECT_RETENTION
    code = "from prefect.settings import get_current_settings as now; s = now().server; v = s.services.db_vacuum\n"
    code += "print(sorted(v.enabled_vacuum_types), v.retention_period.days, s.events.retention_period.days)"
    said = subprocess.run(
        [sys.executable, "-c", code], env=PREFECT_RETENTION, capture_output=True, text=True, timeout=120, check=True
    ).stdout
    assert said.strip() == "['events', 'flow_runs', 'orphans'] 14 3"


PREFECT_LINE = """
import logging, sys
from prefect.logging import get_logger
from prefect.logging.configuration import setup_logging
setup_logging()  # as Prefect's command line does
get_logger("workers").warning("from the %s", "worker")
get_logger("flow_runs").error("from a run", extra={"flow_run_id": "r-1", "send_to_api": False})
try:
    raise ValueError("what a document says")
except ValueError:
    logging.getLogger("uvicorn.error").exception("from the server")
"""


def test_prefects_processes_log_json_where_docmill_does():
    image = dict(re.findall(r"(PREFECT_LOGGING_[A-Z_]+)=(\S+)", (FOLDER / "Dockerfile").read_text()))
    assert {name: value.strip('"') for name, value in image.items()} == PREFECT_JSON_LOGS
    assert PREFECT_JSON_LOGS.items() <= prefect_environment(Settings(log_format="json")).items()
    assert not PREFECT_JSON_LOGS.keys() & prefect_environment(Settings(log_format="text")).keys()
    environment = {**os.environ, **PREFECT_JSON_LOGS}
    said = subprocess.run(
        [sys.executable, "-c", PREFECT_LINE], env=environment, capture_output=True, text=True, timeout=120, check=True
    ).stderr
    told = [json.loads(line) for line in said.splitlines()]
    assert [(one["level"], one["message"], one.get("run_id")) for one in told] == [
        ("WARNING", "from the worker", None),
        ("ERROR", "from a run", "r-1"),
        ("ERROR", "from the server", None),
    ]
    assert told[-1]["exception"] == "ValueError"
    assert "document" not in said


def test_images_are_tagged_as_the_same_version_everywhere():
    tags = {one["image"] for name, one in containers() if one["image"].startswith("docmill")}
    assert len(tags) == 1


def test_backups_have_a_place_where_they_are_taken_and_keys_where_documents_are_erased():
    (found,) = [body["data"] for _, body in MANIFESTS if body["kind"] == "ConfigMap" and body["metadata"]["name"] == "docmill"]
    mounts = {name: {mount["mountPath"] for mount in one["volumeMounts"]} for name, one in containers()}
    for service in ("flows", "gateway"):
        places = {found["DOCMILL_BACKUP_FOLDER"], found["DOCMILL_BACKUP_KEYS_FOLDER"]}
        assert places <= mounts[f"docmill/{service}"]
        said = COMPOSE["services"][service]
        places = {said["environment"]["DOCMILL_BACKUP_FOLDER"], said["environment"]["DOCMILL_BACKUP_KEYS_FOLDER"]}
        assert len(places) == len(places & {volume.partition(":")[2] for volume in said["volumes"]}) == 2
    made = re.search(r"install -d \S.*", (FOLDER / "Dockerfile").read_text())[0].split()
    assert places <= set(made), "an empty volume takes the owner of the image's folder"


def test_a_night_has_an_inbox_that_flows_may_read_and_nobody_else_sees():
    (found,) = [body["data"] for _, body in MANIFESTS if body["kind"] == "ConfigMap" and body["metadata"]["name"] == "docmill"]
    mounts = {name: [mount for mount in one["volumeMounts"] if mount["name"] == "inbox"] for name, one in containers()}
    assert {name: mount for name, mount in mounts.items() if mount} == {
        "docmill/flows": [{"name": "inbox", "mountPath": found["DOCMILL_NIGHTLY_SOURCES"], "readOnly": True}]
    }
    assert found["DOCMILL_NIGHTLY_SOURCES"] == found["DOCMILL_SOURCE_ROOTS"]
    (pod,) = [pod for name, pod in pods() if name == "docmill"]
    (claim,) = [one["persistentVolumeClaim"]["claimName"] for one in pod["volumes"] if one["name"] == "inbox"]
    assert claim in [body["metadata"]["name"] for _, body in MANIFESTS if body["kind"] == "PersistentVolumeClaim"]
    users = {name for name, one in COMPOSE["services"].items() if any(":/inbox" in str(volume) for volume in one.get("volumes", ()))}
    assert users == {"flows"}
    for service in ("flows", "set-up"):  # the one reads the sources, the other schedules a night only where there are some
        said = COMPOSE["services"][service]["environment"]
        assert said["DOCMILL_SOURCE_ROOTS"] == "${DOCMILL_SOURCE_ROOTS:-/inbox}"
        assert said["DOCMILL_NIGHTLY_SOURCES"] == "${DOCMILL_NIGHTLY_SOURCES:-/inbox}"
    assert "${INBOX:-inbox}:/inbox:ro" in COMPOSE["services"]["flows"]["volumes"]
    assert "inbox" in COMPOSE["volumes"]
    assert "/inbox" in re.search(r"install -d \S.*", (FOLDER / "Dockerfile").read_text())[0].split(), "an empty volume takes its owner"


def test_the_compose_file_builds_what_it_runs():
    for name, service in COMPOSE["services"].items():
        assert (service["image"] == "docmill") == ("build" in service), name
        if build := service.get("build"):
            assert (FOLDER / build["context"] / build["dockerfile"]).is_file()


def test_the_table_of_queues_names_every_deployment():
    prefect = yaml.safe_load((FOLDER.parent / "prefect.yaml").read_text())
    rows = re.findall(r"^\| (\w+) \| \d \| (.*?) \|", (FOLDER.parent / "docs" / "operations.md").read_text(), re.MULTILINE)
    told = {(name, queue) for queue, names in rows for name in re.findall(r"`([\w-]+)`", names)}
    assert told == {(one["name"], one["work_pool"]["work_queue_name"]) for one in prefect["deployments"]}


def test_workers_order_what_waits_and_keep_a_place_for_upkeep_as_docmill_up_does():
    least = Settings.model_fields["runs_at_once"].default
    assert COMPOSE["services"]["flows"]["command"] == worker_words(f"${{DOCMILL_RUNS_AT_ONCE:-{least}}}")
    assert COMPOSE["services"]["upkeep"]["command"] == upkeep_words()
    (found,) = [body["data"] for _, body in MANIFESTS if body["kind"] == "ConfigMap" and body["metadata"]["name"] == "docmill"]
    assert found["DOCMILL_RUNS_AT_ONCE"] == str(least)
    commands = {name: one["command"] for name, one in containers() if one.get("command", [])[:2] == ["prefect", "worker"]}
    assert commands == {"docmill/flows": worker_words("$(DOCMILL_RUNS_AT_ONCE)"), "docmill/upkeep": upkeep_words()}


def test_the_image_can_copy_the_ledger_of_the_servers_beside_it():
    """Debian's pg_dump copies no server newer than itself."""
    debian = re.findall(r"^FROM python:\S+-slim-(\w+)$", (FOLDER / "Dockerfile").read_text(), re.MULTILINE)
    (in_cluster,) = re.findall(r"image: postgres:(\S+)", (FOLDER / "kubernetes" / "postgres.yaml").read_text())
    assert debian == ["bookworm"]
    assert {COMPOSE["services"]["postgres"]["image"].removeprefix("postgres:"), in_cluster} == {"15-bookworm"}


def test_the_image_installs_the_languages_that_are_asked_for(tmp_path):
    dockerfile = (FOLDER / "Dockerfile").read_text()
    (loop,) = re.findall(r"for language in .*? done", dockerfile)
    (tmp_path / "apt-get").write_text('#!/bin/sh\necho "$@" >>"$0.asked"\ntest "$4" != tesseract-ocr-xx\n')
    (tmp_path / "apt-get").chmod(0o755)

    def installed(languages):
        environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "OCR_LANGUAGES": languages}
        return subprocess.run(["/bin/sh", "-c", loop], env=environment, timeout=20, check=False).returncode

    assert [installed(""), installed("deu chi-sim"), installed("xx")] == [0, 0, 1]
    asked = [line.split()[-1] for line in (tmp_path / "apt-get.asked").read_text().splitlines()]
    assert asked == ["tesseract-ocr-deu", "tesseract-ocr-chi-sim", "tesseract-ocr-xx"]
    assert re.findall(r"^ARG (\w+)", dockerfile.rpartition("\nFROM ")[2], re.MULTILINE) == ["OCR_LANGUAGES"]
    assert {one["build"]["args"]["OCR_LANGUAGES"] for one in COMPOSE["services"].values() if "build" in one} == {"${OCR_LANGUAGES:-}"}


def test_the_pages_say_how_the_first_key_is_made_where_the_gateway_waits_for_it():
    said = (FOLDER.parent / "docs" / "operations.md").read_text()
    found = re.findall(r"^(docker compose|kubectl) .* docmill (keys create) NAME", said, re.MULTILINE)
    assert {program for program, _ in found} == {"docker compose", "kubectl"}
    assert re.search(r" exec flows docmill keys create", said)
    assert re.search(r" exec docmill-0 -c flows -- docmill keys create", said)


def test_every_service_of_the_compose_file_is_known():
    services = COMPOSE["services"]
    assert set(services) == {"postgres", "prefect", "set-up", "scheduler", "dask-worker", "flows", "upkeep", "gateway"}
    assert all(port.startswith("127.0.0.1:") for one in services.values() for port in one.get("ports", ()))
    assert {name for one in services.values() for name in one.get("depends_on", ())} <= set(services)
    assert all("${" in str(value) for one in services.values() for key, value in one.get("environment", {}).items() if "PASSWORD" in key)
