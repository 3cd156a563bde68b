-- Jobs of commerce are admitted by a number of their own.
UPDATE "backhaul"."jobs" SET "bounded_by" = 'commerce' WHERE "source" = 'commerce';
