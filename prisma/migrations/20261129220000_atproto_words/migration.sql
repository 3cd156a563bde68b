-- Rejected records were stored as "aside", and the option "method" as "road".
UPDATE "backhaul"."jobs" SET "params" = ("params" - 'road') || jsonb_build_object('method', "params" -> 'road')
 WHERE "source" = 'atproto' AND "params" ? 'road';
UPDATE "backhaul"."schedules" SET "params" = ("params" - 'road') || jsonb_build_object('method', "params" -> 'road')
 WHERE "source" = 'atproto' AND "params" ? 'road';

UPDATE "atproto"."repos" SET "synced" = (
  SELECT jsonb_object_agg("collection", CASE WHEN "entry" ? 'aside'
    THEN ("entry" - 'aside') || jsonb_build_object('rejected', "entry" -> 'aside') ELSE "entry" END)
    FROM jsonb_each("synced") AS "each" ("collection", "entry")
) WHERE jsonb_path_exists("synced", '$.*.aside');

-- A retry continues failed and cancelled tasks at their cursors; those of done and skipped ones are not read again.
UPDATE "backhaul"."tasks" AS "task" SET "cursor" = ("task"."cursor" - 'aside')
  || CASE WHEN "task"."cursor" ? 'aside' THEN jsonb_build_object('rejected', "task"."cursor" -> 'aside') ELSE '{}' END
  || CASE WHEN "task"."cursor" -> 'unchanged' ? 'aside' THEN jsonb_build_object('unchanged',
       ("task"."cursor" -> 'unchanged') - 'aside' || jsonb_build_object('rejected', "task"."cursor" -> 'unchanged' -> 'aside'))
     ELSE '{}' END
  FROM "backhaul"."jobs" AS "job"
 WHERE "job"."id" = "task"."job_id" AND "job"."source" = 'atproto' AND "task"."stream" = 'repo'
   AND "task"."state" NOT IN ('done', 'skipped')
   AND ("task"."cursor" ? 'aside' OR "task"."cursor" -> 'unchanged' ? 'aside');
