-- What the page of a job tells: what each try of a task was answered and who read it, who started the job, what it waited for, and its log.
alter table "backhaul"."tasks"
  add column "ran_by" text,
  add column "error_api" text,
  add column "tried" jsonb not null default '[]';

alter table "backhaul"."jobs"
  add column "origin" jsonb,
  add column "queued_at" timestamptz,
  add column "paused_at" timestamptz;

-- What failed or is tried again, for the groups of failures; most tasks have no error.
create index "tasks_faults" on "backhaul"."tasks" ("job_id") where error_kind is not null;

create table "backhaul"."job_spans" (
  "id" bigserial not null,
  "job_id" uuid not null,
  "kind" text not null,
  "on" text not null,
  "at" timestamptz not null,
  "until" timestamptz not null,
  "times" integer not null default 1,
  "seconds" double precision not null default 0,
  constraint "job_spans_pkey" primary key ("id"),
  constraint "job_spans_job_id_fkey" foreign key ("job_id") references "backhaul"."jobs" ("id") on delete cascade on update cascade
);
create index "job_spans_job_id_kind_on_until_idx" on "backhaul"."job_spans" ("job_id", "kind", "on", "until");

create table "backhaul"."job_logs" (
  "job_id" uuid not null,
  "written" bigint not null default 0,
  "lost" bigint not null default 0,
  "updated_at" timestamptz not null default now(),
  constraint "job_logs_pkey" primary key ("job_id"),
  constraint "job_logs_job_id_fkey" foreign key ("job_id") references "backhaul"."jobs" ("id") on delete cascade on update cascade
);
create table "backhaul"."job_log_lines" (
  "job_id" uuid not null,
  "n" bigint not null,
  "at" timestamptz not null,
  "level" text not null,
  "message" text not null,
  "fields" jsonb not null default '{}',
  "process" text not null,
  constraint "job_log_lines_pkey" primary key ("job_id", "n")
);

-- What people did to a job.
create index "actions_target_id_idx" on "backhaul"."actions" ("target", "id");
