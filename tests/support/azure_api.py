"""What Microsoft publishes of the few operations of Azure DevOps that imagebot uses, as an OpenAPI 3.0 description.

Written by hand, for no package carries it. Sources: `git.json`, `policy.json` and `core.json` of 7.1, below
`specification` in https://github.com/MicrosoftDocs/vsts-rest-api-specs, for paths, parameters and answers; the pages
"Pull Requests - Create" and "- Update" of the reference, for what may be changed and how long it may be. Fields
were compared with those of Microsoft's own client, `azure-devops` 7.1 of PyPI. Lists come in a `value` with their
`count`, which the specification leaves out.
"""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]
TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "integer"}
FLAG: Schema = {"type": "boolean"}
MOST_DESCRIPTION = 4000
MOST_TITLE = 400
VERSION = "7.1"
PREVIEW = "7.1-preview.1"
GIT = "/{collection}/{project}/_apis/git/repositories/{repositoryId}"
ONE = f"{GIT}/pullRequests/{{pullRequestId}}"
EVALUATIONS = "/{collection}/{project}/_apis/policy/evaluations"
TEAMS = "/{collection}/_apis/projects/{projectId}/teams"


def _object(properties: Schema, *required: str) -> Schema:
    needed = {"required": list(required)} if required else {}
    return {"type": "object", "properties": properties, "additionalProperties": False, **needed}


def _many(schema: Schema) -> Schema:
    return {"type": "array", "items": schema}


def _list(schema: Schema) -> Schema:
    return _object({"value": _many(schema), "count": NUMBER}, "value", "count")


def _one_of(*words: str) -> Schema:
    return {"type": "string", "enum": list(words)}


PERSON = {"id": TEXT, "displayName": TEXT, "uniqueName": TEXT, "isContainer": FLAG}
REVIEWER = {**PERSON, "vote": {"type": "integer", "enum": [-10, -5, 0, 5, 10]}, "isRequired": FLAG}
LABEL = {"id": TEXT, "name": TEXT, "active": FLAG}
COMMIT = _object({"commitId": TEXT})
COMPLETION = {
    "mergeCommitMessage": TEXT,
    "mergeStrategy": _one_of("noFastForward", "squash", "rebase", "rebaseMerge"),
    "deleteSourceBranch": FLAG,
}
STATUS = _one_of("notSet", "active", "abandoned", "completed", "all")
REPOSITORY = _object({"id": TEXT, "name": TEXT, "project": _object({"id": TEXT, "name": TEXT}), "webUrl": TEXT})
PULL_REQUEST = {
    "pullRequestId": NUMBER,
    "title": TEXT,
    "description": TEXT,
    "status": STATUS,
    "isDraft": FLAG,
    "createdBy": _object(PERSON),
    "creationDate": TEXT,
    "closedDate": TEXT,
    "closedBy": _object(PERSON),
    "sourceRefName": TEXT,
    "targetRefName": TEXT,
    "mergeStatus": _one_of("notSet", "queued", "conflicts", "succeeded", "rejectedByPolicy", "failure"),
    "lastMergeSourceCommit": COMMIT,
    "lastMergeCommit": COMMIT,
    "reviewers": _many(_object(REVIEWER)),
    "labels": _many(_object(LABEL)),
    "autoCompleteSetBy": _object(PERSON),
    "completionOptions": _object(COMPLETION),
    "forkSource": _object({"name": TEXT, "repository": {**REPOSITORY, "nullable": True}}),
    "repository": REPOSITORY,
    "url": TEXT,
}
BRIEF = {"title": {**TEXT, "maxLength": MOST_TITLE}, "description": {**TEXT, "maxLength": MOST_DESCRIPTION}}
CREATE = {
    **BRIEF,
    "sourceRefName": {**TEXT, "pattern": "^refs/heads/"},
    "targetRefName": {**TEXT, "pattern": "^refs/heads/"},
    "isDraft": FLAG,
    "reviewers": _many(_object({"id": TEXT}, "id")),
    "labels": _many(_object({"name": TEXT}, "name")),
}
UPDATE = {
    **BRIEF,
    "status": _one_of("active", "abandoned"),
    "isDraft": FLAG,
    "autoCompleteSetBy": _object({"id": TEXT}, "id"),
    "completionOptions": _object(COMPLETION),
}
COMMENT = {
    "id": NUMBER,
    "content": TEXT,
    "commentType": _one_of("unknown", "text", "codeChange", "system"),
    "parentCommentId": NUMBER,
    "isDeleted": FLAG,
    "author": _object(PERSON),
}
THREAD_STATUS = _one_of("unknown", "active", "fixed", "wontFix", "closed", "byDesign", "pending")
THREAD = {"id": NUMBER, "comments": _many(_object(COMMENT)), "status": THREAD_STATUS, "isDeleted": FLAG}
TALK = {"content": TEXT, "commentType": COMMENT["commentType"], "parentCommentId": NUMBER}
SPEAK = {"comments": _many(_object(TALK, "content")), "status": THREAD_STATUS}
PROPERTIES = _object(
    {
        "value": {"type": "object", "additionalProperties": _object({"$type": TEXT, "$value": {}})},
        "count": NUMBER,
    },
    "value",
    "count",
)
PATCH = _many(
    _object(
        {"op": _one_of("add", "replace", "remove"), "path": {**TEXT, "pattern": "^/."}, "value": TEXT}, "op", "path"
    )
)
EVALUATION = {
    "evaluationId": TEXT,
    "status": _one_of("queued", "running", "approved", "rejected", "notApplicable", "broken"),
    "configuration": _object(
        {
            "id": NUMBER,
            "isBlocking": FLAG,
            "isEnabled": FLAG,
            "type": _object({"id": TEXT, "displayName": TEXT}),
            "settings": {"type": "object"},
        }
    ),
}
TEAM = {"id": TEXT, "name": TEXT}
MEMBER = {"identity": _object(PERSON), "isTeamAdmin": FLAG}
PAGE = {"$top": {"type": "integer", "minimum": 1}, "$skip": {"type": "integer", "minimum": 0}}
SEARCH = {
    "searchCriteria.status": STATUS,
    "searchCriteria.sourceRefName": CREATE["sourceRefName"],
    "searchCriteria.targetRefName": CREATE["targetRefName"],
    "searchCriteria.minTime": TEXT,
    "searchCriteria.queryTimeRangeType": _one_of("created", "closed"),
    **PAGE,
}


def _operation(
    status: int,
    answer: Schema | None,
    query: Schema | None = None,
    body: Schema | None = None,
    *,
    kind: str = "application/json",
    version: str = VERSION,
) -> Schema:
    parameters = [{"name": name, "in": "query", "schema": schema} for name, schema in (query or {}).items()]
    parameters.append({"name": "api-version", "in": "query", "required": True, "schema": _one_of(version)})
    content = {} if answer is None else {"content": {"application/json": {"schema": answer}}}
    request = {} if body is None else {"requestBody": {"required": True, "content": {kind: {"schema": body}}}}
    return {"parameters": parameters, "responses": {str(status): {"description": "", **content}}, **request}


def _path(path: str, **operations: Schema) -> tuple[str, Schema]:
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    parameters = [{"name": name, "in": "path", "required": True, "schema": TEXT} for name in names]
    return path, {"parameters": parameters, **operations}


def description() -> Schema:
    """The whole of it."""
    pull, label, thread = _object(PULL_REQUEST), _object(LABEL), _object(THREAD)
    change = "application/json-patch+json"
    paths = (
        _path(
            f"{GIT}/pullrequests",
            get=_operation(200, _list(pull), SEARCH),
            post=_operation(201, pull, None, _object(CREATE, "sourceRefName", "targetRefName", "title")),
        ),
        _path(
            f"{GIT}/pullrequests/{{pullRequestId}}",
            get=_operation(200, pull),
            patch=_operation(200, pull, None, {**_object(UPDATE), "minProperties": 1}),
        ),
        _path(
            f"{ONE}/threads",
            get=_operation(200, _list(thread)),
            post=_operation(200, thread, None, _object(SPEAK, "comments")),
        ),
        _path(f"{ONE}/labels", post=_operation(200, label, None, _object({"name": TEXT}, "name"))),
        _path(f"{ONE}/labels/{{labelIdOrName}}", delete=_operation(200, None)),
        _path(
            f"{ONE}/properties",
            get=_operation(200, PROPERTIES),
            patch=_operation(200, PROPERTIES, None, PATCH, kind=change),
        ),
        _path(
            f"{ONE}/reviewers/{{reviewerId}}",
            put=_operation(200, _object(REVIEWER), None, _object({"vote": REVIEWER["vote"], "isRequired": FLAG})),
        ),
        _path(
            EVALUATIONS,
            get=_operation(200, _list(_object(EVALUATION)), {"artifactId": TEXT, **PAGE}, version=PREVIEW),
        ),
        _path(TEAMS, get=_operation(200, _list(_object(TEAM)), PAGE)),
        _path(f"{TEAMS}/{{teamId}}/members", get=_operation(200, _list(_object(MEMBER)), PAGE)),
    )
    info = {"title": "Azure DevOps, as its specification has it", "version": VERSION}
    return {"openapi": "3.0.0", "info": info, "paths": dict(paths), "components": {"schemas": {}}}
