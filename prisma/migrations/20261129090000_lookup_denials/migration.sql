-- A source that says that there is no such id is believed when it says so twice.
ALTER TABLE "backhaul"."lookups" ADD COLUMN "denied_at" TIMESTAMPTZ;
