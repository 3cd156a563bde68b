-- Records that were read once more and are held as they are; every record seen is counted as one of five.
ALTER TABLE "backhaul"."tasks" ADD COLUMN "unchanged" BIGINT NOT NULL DEFAULT 0;

-- What was seen before and is not accounted for was such a record.
UPDATE "backhaul"."tasks" SET "unchanged" = greatest(0, "seen" - ("new" + "updated" + "known" + "rejected")),
  "seen" = greatest("seen", "new" + "updated" + "known" + "rejected")
WHERE "seen" <> "new" + "updated" + "known" + "rejected";
UPDATE "backhaul"."jobs" j SET "report" = j."report" || jsonb_build_object('unchanged', greatest(0, r."seen" - r."told"), 'seen', greatest(r."seen", r."told"))
FROM (SELECT "id", ("report" ->> 'seen')::numeric AS "seen", ("report" ->> 'new')::numeric + ("report" ->> 'updated')::numeric
  + ("report" ->> 'known')::numeric + ("report" ->> 'rejected')::numeric AS "told" FROM "backhaul"."jobs" WHERE "report" IS NOT NULL) r
WHERE r."id" = j."id" AND r."seen" IS NOT NULL AND r."told" IS NOT NULL;
