"""The one deployment of the cluster under test, made on Prefect's server."""

import sys

import httpx


def deploy(api, home, folder):
    """Pool, queues and the one deployment, as `docmill deploy` makes them, without starting Prefect's command line four times.

    Args:
        api: of Prefect's server.
        home: of docmill; its warm process carries out the runs.
        folder: in which they run.
    """
    from docmill.cli.prefect_setup import make_queues
    from docmill.services.milling.warm_places import runs_socket

    with httpx.Client(base_url=f"{api}/", timeout=30) as client:

        def post(path, body):
            return client.post(path, json=body).raise_for_status().json()

        run = f"{sys.executable} -m docmill.cli.warm_run {runs_socket(home)}"
        names = ("env", "labels", "name", "stream_output", "working_dir", "command")
        job = {name: f"{{{{ {name} }}}}" for name in names}
        properties = {name: {"type": "string"} for name in ("name", "working_dir")}
        properties |= {name: {"type": "object", "additionalProperties": {"type": "string"}} for name in ("env", "labels")}
        properties |= {"stream_output": {"type": "boolean", "default": True}, "command": {"type": "string", "default": run}}
        variables = {"type": "object", "properties": properties}
        template = {"job_configuration": job, "variables": variables}
        post("work_pools/", {"name": "docmill", "type": "process", "base_job_template": template})
        make_queues(api)
        flow = post("flows/", {"name": "ingest-documents"})["id"]
        deployment = {"name": "ad-hoc", "flow_id": flow, "entrypoint": "flows.ingest_documents.ingest_documents"}
        deployment |= {"work_pool_name": "docmill", "work_queue_name": "documents", "enforce_parameter_schema": False}
        step = {"prefect.deployments.steps.set_working_directory": {"directory": str(folder)}}
        post("deployments/", {**deployment, "pull_steps": [step], "path": str(folder)})
