-- Lines are shown as they were written: text that jsonb refuses, such as NUL, is kept.
alter table "backhaul"."job_log_lines"
  alter column "fields" drop default,
  alter column "fields" type json using "fields"::json,
  alter column "fields" set default '{}';
