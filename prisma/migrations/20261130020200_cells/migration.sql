-- Where a task stands in the grid of its job, kept at insertion: a page of a large grid is then read without the others.
alter table "backhaul"."tasks" add column "cell_row" text, add column "cell_column" text;

-- Tasks of the source eve that are there already: characterID/2117325769/losses/year/2023/month/5.
update "backhaul"."tasks" t set "cell_row" = concat_ws(' ', k.parts[2], k.parts[1]), "cell_column" = lpad(k.parts[3], 2, '0')
  from (select "id", regexp_match("key", '^[a-zA-Z]+/\d+/(?:(kills|losses)/)?year/(\d+)/month/(\d+)$') as parts
          from "backhaul"."tasks" where "stream" = 'months') k
 where t."id" = k."id" and k.parts is not null;

-- No column of it changes after the insertion, so that it hinders no update in place.
create index "tasks_cells" on "backhaul"."tasks" ("job_id", "cell_column", "cell_row") where "cell_column" is not null;
