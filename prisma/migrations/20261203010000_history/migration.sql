-- Charts of a week in few rows: old samples are added up to longer spans.
alter table "backhaul"."samples" add column "minutes" integer not null default 1;
alter table "backhaul"."samples" drop constraint "samples_pkey",
  add constraint "samples_pkey" primary key ("minute", "name", "labels", "minutes");

-- Who used an API, and what a job stored: for charts of one job, and for what of a limit is used by whom.
create table "backhaul"."uses" (
    "who" text not null,
    "api" text not null,
    "minute" timestamptz not null,
    "minutes" integer not null default 1,
    "counts" bigint[] not null,

    constraint "uses_pkey" primary key ("who", "api", "minute", "minutes")
);
create index "uses_minute_api_idx" on "backhaul"."uses" ("minute", "api");

-- Starts of processes: restarts, crashes and changes of version.
create table "backhaul"."starts" (
    "id" bigserial not null,
    "process" text not null,
    "app" text not null,
    "host" text not null,
    "version" text not null,
    "before" text,
    "at" timestamptz not null default current_timestamp,
    "ended_at" timestamptz,
    "lost" boolean not null default false,

    constraint "starts_pkey" primary key ("id")
);
create index "starts_at_idx" on "backhaul"."starts" ("at");
create index "starts_app_host_id_idx" on "backhaul"."starts" ("app", "host", "id");

alter table "backhaul"."workers" add column "version" text not null default '';
