/** The same walk as walk.py with the generated TypeScript types and openapi-fetch; tsc checks this file against them.
 *
 * `node walk.js BASE LEAD REVIEWER ANNOTATOR`: three tokens of people whose site roles are those. */

import createClient, { type Client } from "openapi-fetch";
import type { components, paths } from "./countersign.d.ts";

declare const process: { argv: string[]; exit(code: number): never };

type Schemas = components["schemas"];
type Answer<T> = { data?: T; error?: unknown; response: Response };

const CONFIG =
  '<View><Text name="text" value="$text"/><Choices name="letter" toName="text"><Choice value="A"/>' +
  '<Choice value="B"/></Choices></View>';
let calls = 0;

function fail(what: string): never {
  console.log(`FAIL ${what}`);
  process.exit(1);
}

function expect(said: boolean, what: string): void {
  if (!said) fail(what);
}

async function done(name: string, asked: Promise<Answer<unknown>>, status = 200): Promise<Response> {
  const { response, error } = await asked;
  calls += 1;
  if (response.status !== status)
    fail(`${name}: ${response.status}, not ${status}: ${JSON.stringify(error)?.slice(0, 300)}`);
  console.log(`ok   ${name}: ${status}`);
  return response;
}

async function got<T>(name: string, asked: Promise<Answer<T>>, status = 200): Promise<NonNullable<T>> {
  await done(name, asked, status);
  return (await asked).data ?? fail(`${name}: nothing came`);
}

/** The error body, which every refusal has. */
async function refused(name: string, status: number, asked: Promise<Answer<unknown>>): Promise<Schemas["Error"]> {
  await done(name, asked, status);
  return (await asked).error as Schemas["Error"];
}

function says(letter: string): Schemas["RegionRequest"][] {
  return [{ id: "r1", from_name: "letter", to_name: "text", type: "choices", value: { choices: [letter] } }];
}

function at(base: string, token: string): Client<paths> {
  return createClient<paths>({ baseUrl: base, headers: { Authorization: `Token ${token}` } });
}

async function walk(base: string, leadToken: string, reviewerToken: string, annotatorToken: string): Promise<void> {
  const [lead, reviewer, annotator] = [at(base, leadToken), at(base, reviewerToken), at(base, annotatorToken)];
  await got("whoami of the lead", lead.GET("/api/current-user/whoami/"));
  const people = {
    RE: await got("whoami of the reviewer", reviewer.GET("/api/current-user/whoami/")),
    AN: await got("whoami of the annotator", annotator.GET("/api/current-user/whoami/")),
  };

  // --- a project
  await done(
    "validate a label configuration",
    lead.POST("/api/projects/validate/", { body: { label_config: CONFIG } }),
    204,
  );
  const wrong = await refused(
    "create a project without a title",
    400,
    lead.POST("/api/projects/", { body: { title: "", label_config: "<View" } }),
  );
  expect("title" in (wrong.validation_errors ?? {}), "the error names the key");
  const project = await got(
    "create a project",
    lead.POST("/api/projects/", { body: { title: "Typed walk", label_config: CONFIG } }),
    201,
  );
  const path = { id: project.id };
  try {
    await workIn(project, people, lead, reviewer, annotator);
  } finally {
    await done("delete the project", lead.DELETE("/api/projects/{id}/", { params: { path } }), 204);
  }
  await refused("read the deleted project", 404, reviewer.GET("/api/projects/{id}/", { params: { path } }));
}

async function workIn(
  project: Schemas["Project"],
  people: Record<"RE" | "AN", Schemas["User"]>,
  lead: Client<paths>,
  reviewer: Client<paths>,
  annotator: Client<paths>,
): Promise<void> {
  const path = { id: project.id };
  await got("list projects", lead.GET("/api/projects/", { params: { query: { page_size: 1 } } }));
  const read = await done("read the project", lead.GET("/api/projects/{id}/", { params: { path } }));
  const header = { "If-None-Match": read.headers.get("ETag") ?? fail("no ETag") };
  await done(
    "read it again with If-None-Match",
    lead.GET("/api/projects/{id}/", { params: { path, header } }),
    304,
  );
  const changed = await got(
    "change review settings",
    lead.PATCH("/api/projects/{id}/", {
      params: { path },
      body: { review_settings: { review_criteria: "one", require_comment_on_reject: true, show_reviewer_names: true } },
    }),
  );
  expect(changed.review_settings.require_comment_on_reject === true, "what was set is answered");
  for (const role of ["RE", "AN"] as const)
    await got(
      `add the ${role}`,
      lead.POST("/api/projects/{id}/members/", { params: { path }, body: { user: people[role].id, role } }),
      201,
    );
  await got("list members", lead.GET("/api/projects/{id}/members/paginated/", { params: { path } }));

  // --- tasks
  const task = await got(
    "create a task",
    lead.POST("/api/tasks/", { body: { project: project.id, data: { text: "one" } } }),
    201,
  );
  const imported = await got(
    "import two more",
    lead.POST("/api/projects/{id}/import/", {
      params: { path, query: { return_task_ids: true } },
      body: [{ data: { text: "two" } }, { data: { text: "three" } }],
    }),
    201,
  );
  const [second, third] = imported.task_ids ?? fail("no ids of the imported tasks");
  const tasks = await got("list tasks", lead.GET("/api/tasks/", { params: { query: { project: project.id } } }));
  expect(tasks.total === 3, "three tasks are listed");
  await got("read a task", annotator.GET("/api/tasks/{id}/", { params: { path: { id: task.id } } }));
  await got(
    "create a prediction",
    lead.POST("/api/predictions/", { body: { task: task.id, result: says("A"), score: 0.5 } }),
    201,
  );

  // --- work
  const draft = await got(
    "write a draft",
    annotator.POST("/api/tasks/{task_pk}/drafts/", {
      params: { path: { task_pk: task.id } },
      body: { result: says("B") },
    }),
    201,
  );
  await done("delete the draft", annotator.DELETE("/api/drafts/{id}/", { params: { path: { id: draft.id } } }), 204);
  const works: Schemas["Annotation"][] = [];
  for (const pk of [task.id, second, third])
    works.push(
      await got(
        `annotate task ${works.length + 1}`,
        annotator.POST("/api/tasks/{task_pk}/annotations/", {
          params: { path: { task_pk: pk ?? fail("an id is missing") } },
          body: { result: says("A"), lead_time: 3.5 },
        }),
        201,
      ),
    );
  const [first, clear, other] = works.map(({ id }) => ({ id })) as [{ id: number }, { id: number }, { id: number }];
  expect(works[0]?.last_action === "submitted", "an enum is an enum");
  expect(works[0]?.result[0]?.from_name === "letter", "a region is typed");
  await got(
    "change an annotation",
    annotator.PATCH("/api/annotations/{id}/", { params: { path: first }, body: { result: says("B") } }),
  );
  await refused(
    "change it by an old ETag",
    412,
    annotator.PATCH("/api/annotations/{id}/", {
      params: { path: first, header: { "If-Match": '"1"' } },
      body: { result: says("A") },
    }),
  );
  await got("list annotations", reviewer.GET("/api/annotations/", { params: { query: { project: project.id } } }));

  // --- review
  const item = await got(
    "take the next of the queue",
    reviewer.GET("/api/projects/{id}/review-queue/next/", { params: { path } }),
  );
  expect(item.annotation !== null && item.remaining === 3, "three wait for review");
  await done(
    "give it back",
    reviewer.POST("/api/leases/{lease}/release/", {
      params: { path: { lease: item.lease?.id ?? fail("there is no lease") } },
    }),
    204,
  );
  await refused(
    "reject without the comment that is required",
    400,
    reviewer.POST("/api/annotations/{id}/reject/", { params: { path: first }, body: {} }),
  );
  await got(
    "reject",
    reviewer.POST("/api/annotations/{id}/reject/", {
      params: { path: first },
      body: { comment: "Look again", reject_action: "remove" },
    }),
  );
  await got(
    "accept",
    reviewer.POST("/api/annotations/{id}/accept/", { params: { path: clear }, body: { comment: "Clear" } }),
  );
  const fixed = await got(
    "fix and accept",
    reviewer.POST("/api/annotations/{id}/fix-and-accept/", { params: { path: other }, body: { result: says("B") } }),
  );
  expect(fixed.last_action === "fixed_and_accepted", "the fix is the last action");
  await refused(
    "accept by the author",
    403,
    annotator.POST("/api/annotations/{id}/accept/", { params: { path: first } }),
  );
  await got(
    "list reviews",
    lead.GET("/api/annotation-reviews/", { params: { query: { project: project.id } } }),
  );
  await got(
    "what the fix changed",
    annotator.GET("/api/annotations/{annotation_pk}/corrections/", { params: { path: { annotation_pk: other.id } } }),
  );
  await got(
    "history of an annotation",
    lead.GET("/api/annotation-history/", { params: { query: { annotation: other.id } } }),
  );
  await got("read the fixed annotation", lead.GET("/api/annotations/{id}/", { params: { path: other } }));
  await got("comment", annotator.POST("/api/comments/", { body: { text: "Thanks", annotation: other.id } }), 201);
  await got("list comments", lead.GET("/api/comments/", { params: { query: { annotation: other.id } } }));

  // --- what a lead and a machine read
  await got("inbox of the annotator", annotator.GET("/api/inbox/"));
  await got("counts of the inbox", annotator.GET("/api/inbox/counts/"));
  await got("progress of the project", lead.GET("/api/projects/{id}/progress/", { params: { path } }));
  const query = { project: project.id };
  const news = await got("first cursor of updates", lead.GET("/api/updates/", { params: { query } }));
  await done(
    "updates since then",
    lead.GET("/api/updates/", { params: { query: { ...query, after: news.cursor } } }),
    304,
  );
  await got("events", lead.GET("/api/events/", { params: { query: { ...query, limit: 5 } } }));
  await got("export", lead.GET("/api/projects/{id}/export/", { params: { path } }));
  await got(
    "save an export",
    lead.POST("/api/projects/{project_pk}/exports/", {
      params: { path: { project_pk: project.id } },
      body: { title: "walk" },
    }),
    201,
  );
  await got("list jobs", lead.GET("/api/jobs/"));
  await got("columns of the data manager", lead.GET("/api/dm/columns/", { params: { query } }));
  await got("create a view", lead.POST("/api/dm/views/", { body: { project: project.id } }), 201);
  const hook = await got(
    "create a webhook",
    lead.POST("/api/webhooks/", {
      body: { url: "http://127.0.0.1:9/hook", project: project.id, is_active: false },
    }),
    201,
  );
  await got("list webhooks", lead.GET("/api/webhooks/", { params: { query } }));
  await done("delete the webhook", lead.DELETE("/api/webhooks/{id}/", { params: { path: { id: hook.id } } }), 204);
  await done("delete a task", lead.DELETE("/api/tasks/{id}/", { params: { path: { id: task.id } } }), 204);
  await got("restore it", lead.POST("/api/tasks/{id}/restore/", { params: { path: { id: task.id } } }));
}

const [base, lead, reviewer, annotator] = process.argv.slice(2);
if (!base || !lead || !reviewer || !annotator) fail("name BASE LEAD REVIEWER ANNOTATOR");
await walk(base, lead, reviewer, annotator);
console.log(`${calls} calls, 0 failures`);
