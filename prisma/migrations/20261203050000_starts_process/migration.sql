-- Which version a worker had that read a task.
create index "starts_process_idx" on "backhaul"."starts" ("process");
