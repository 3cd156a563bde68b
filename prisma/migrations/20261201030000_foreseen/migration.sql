-- How many records a lane and stage of a job will have, where that is known before all its tasks exist.
create table "backhaul"."foreseen" (
  "job_id" uuid not null,
  "lane" text not null,
  "stage" integer not null,
  "label" text,
  "expected" bigint,
  "at_least" boolean not null default false,
  constraint "foreseen_pkey" primary key ("job_id", "lane", "stage"),
  constraint "foreseen_job_id_fkey" foreign key ("job_id") references "backhaul"."jobs" ("id") on delete cascade on update cascade
);
