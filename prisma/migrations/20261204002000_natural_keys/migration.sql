-- Keys of tasks are ordered as people read them, `page 2` before `page 10`, by the index that exists: the order is a collation of the
-- column. Where Postgres was built without ICU, they are ordered by their characters.
DO $$
BEGIN
  CREATE COLLATION backhaul.natural (provider = icu, locale = 'en-u-kn-true');
EXCEPTION WHEN feature_not_supported OR undefined_object OR invalid_parameter_value OR invalid_object_definition THEN
  CREATE COLLATION backhaul.natural FROM "C";
END $$;
ALTER TABLE "backhaul"."tasks" ALTER COLUMN "key" TYPE text COLLATE backhaul.natural;
