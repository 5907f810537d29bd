"""What GitLab's documentation says of the few operations that imagebot uses, as an OpenAPI 3.0 description.

Written by hand, for no package carries the description that GitLab publishes. Sources, at docs.gitlab.com:
`api/merge_requests` (list project merge requests, create MR, update MR, get single MR), `api/notes` (merge requests),
`api/merge_request_approvals` (approvals of one), `api/projects` (get one), `api/users` (list users, by `username`),
`api/rest` (paging, status codes, namespaced paths), `api/graphql/reference` (`mergeRequestAccept`, `MergeRequest`). A
test compares the names of the parameters with those that python-gitlab declares. `PUT .../merge` is left out on
purpose: it may merge at once.
"""

from __future__ import annotations

from typing import Any

TEXT = {"type": "string"}
NUMBER = {"type": "integer"}
NUMBERS = {"type": "array", "items": NUMBER}
MAYBE = {"type": "string", "nullable": True}
PERSON = {"id": NUMBER, "username": TEXT, "name": TEXT}
USER = {"$ref": "#/components/schemas/UserBasic"}
PROJECT = "/projects/{id}/merge_requests"

PAGING = {"page": {"type": "integer", "minimum": 1}, "per_page": {"type": "integer", "minimum": 1, "maximum": 100}}
LIST = {
    "state": {"type": "string", "enum": ["opened", "closed", "locked", "merged", "all"]},
    "order_by": {"type": "string", "enum": ["created_at", "updated_at", "merged_at", "title"]},
    "sort": {"type": "string", "enum": ["asc", "desc"]},
    "source_branch": TEXT,
    "target_branch": TEXT,
    **PAGING,
}
BOTH = {
    "description": {"type": "string", "maxLength": 1_048_576},
    "labels": TEXT,
    "reviewer_ids": NUMBERS,
    "assignee_ids": NUMBERS,
    "remove_source_branch": {"type": "boolean"},
    "squash": {"type": "boolean"},
}
CREATE = {"source_branch": TEXT, "target_branch": TEXT, "title": TEXT, **BOTH}
UPDATE = {
    "title": TEXT,
    "add_labels": TEXT,
    "remove_labels": TEXT,
    "state_event": {"type": "string", "enum": ["close", "reopen"]},
    **BOTH,
}
MERGE_REQUEST = {
    "id": NUMBER,
    "iid": NUMBER,
    "project_id": NUMBER,
    "source_project_id": {"type": "integer", "nullable": True},
    "target_project_id": NUMBER,
    "title": TEXT,
    "description": MAYBE,
    "state": {"type": "string", "enum": ["opened", "closed", "locked", "merged"]},
    "source_branch": TEXT,
    "target_branch": TEXT,
    "labels": {"type": "array", "items": TEXT},
    "draft": {"type": "boolean"},
    "author": USER,
    "reviewers": {"type": "array", "items": USER},
    "assignees": {"type": "array", "items": USER},
    "closed_by": {"type": "object", "nullable": True, "properties": PERSON, "additionalProperties": False},
    "closed_at": MAYBE,
    "created_at": TEXT,
    "updated_at": TEXT,
    "merged_at": MAYBE,
    "merge_user": {"type": "object", "nullable": True, "properties": PERSON, "additionalProperties": False},
    "sha": MAYBE,
    "merge_commit_sha": MAYBE,
    "squash_commit_sha": MAYBE,
    "web_url": TEXT,
}
PROJECT_ITSELF = {"id": NUMBER, "path_with_namespace": TEXT, "http_url_to_repo": TEXT}
GRAPHQL = """
type Query { project(fullPath: ID!): Project }
type Project { mergeRequest(iid: String!): MergeRequest }
type MergeRequest {
  autoMergeEnabled: Boolean!
  availableAutoMergeStrategies: [String!]
  detailedMergeStatus: DetailedMergeStatus
  diffHeadSha: String
  squashOnMerge: Boolean!
}
enum DetailedMergeStatus {
  APPROVALS_SYNCING BLOCKED_STATUS CHECKING CI_MUST_PASS CI_STILL_RUNNING COMMITS_STATUS CONFLICT
  DISCUSSIONS_NOT_RESOLVED DRAFT_STATUS MERGEABLE NEED_REBASE NOT_APPROVED NOT_OPEN PREPARING UNCHECKED
}
enum MergeStrategyEnum {
  ADD_TO_MERGE_TRAIN_WHEN_CHECKS_PASS MERGE_TRAIN MERGE_WHEN_CHECKS_PASS MERGE_WHEN_PIPELINE_SUCCEEDS
}
type Mutation { mergeRequestAccept(input: MergeRequestAcceptInput!): MergeRequestAcceptPayload }
input MergeRequestAcceptInput {
  clientMutationId: String
  commitMessage: String
  iid: String!
  projectPath: ID!
  sha: String!
  shouldRemoveSourceBranch: Boolean
  squash: Boolean = false
  squashCommitMessage: String
  strategy: MergeStrategyEnum
}
type MergeRequestAcceptPayload { clientMutationId: String, errors: [String!]!, mergeRequest: MergeRequest }
"""


def _object(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    needed = {"required": list(required)} if required else {}
    return {"type": "object", "properties": properties, "additionalProperties": False, **needed}


def _operation(status: int, answer: dict[str, Any], query: dict[str, Any], body: dict[str, Any] | None) -> Any:
    operation: dict[str, Any] = {
        "parameters": [{"name": name, "in": "query", "schema": schema} for name, schema in query.items()],
        "responses": {str(status): {"description": "", "content": {"application/json": {"schema": answer}}}},
    }
    if body is not None:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    return operation


def _path(*names: str) -> list[dict[str, Any]]:
    return [{"name": name, "in": "path", "required": True, "schema": TEXT} for name in names]


def description() -> dict[str, Any]:
    """The whole of it."""
    one = {"$ref": "#/components/schemas/MergeRequest"}
    note = {"$ref": "#/components/schemas/Note"}
    by = _object({"user": USER}, "user")
    many = {"type": "array", "items": one}
    return {
        "openapi": "3.0.0",
        "info": {"title": "GitLab, as its documentation has it", "version": "v4"},
        "paths": {
            PROJECT: {
                "parameters": _path("id"),
                "get": _operation(200, many, LIST, None),
                "post": _operation(201, one, {}, _object(CREATE, "source_branch", "target_branch", "title")),
            },
            f"{PROJECT}/{{iid}}": {
                "parameters": _path("id", "iid"),
                "get": _operation(200, one, {}, None),
                "put": _operation(200, one, {}, {**_object(UPDATE), "minProperties": 1}),
            },
            f"{PROJECT}/{{iid}}/notes": {
                "parameters": _path("id", "iid"),
                "get": _operation(200, {"type": "array", "items": note}, {**PAGING, "sort": LIST["sort"]}, None),
                "post": _operation(201, note, {}, _object({"body": TEXT}, "body")),
            },
            f"{PROJECT}/{{iid}}/approvals": {
                "parameters": _path("id", "iid"),
                "get": _operation(
                    200, _object({"approved_by": {"type": "array", "items": by}}, "approved_by"), {}, None
                ),
            },
            f"{PROJECT}/{{iid}}/cancel_merge_when_pipeline_succeeds": {
                "parameters": _path("id", "iid"),
                "post": _operation(201, {"type": "object"}, {}, None),
            },
            "/projects/{id}": {
                "parameters": _path("id"),
                "get": _operation(200, {"$ref": "#/components/schemas/Project"}, {}, None),
            },
            "/users": {"get": _operation(200, {"type": "array", "items": USER}, {"username": TEXT, **PAGING}, None)},
        },
        "components": {
            "schemas": {
                "MergeRequest": _object(MERGE_REQUEST, *MERGE_REQUEST),
                "Project": _object(PROJECT_ITSELF, *PROJECT_ITSELF),
                "Note": _object({"id": NUMBER, "body": TEXT, "system": {"type": "boolean"}}, "id", "body", "system"),
                "UserBasic": _object(PERSON, *PERSON),
            }
        },
    }
