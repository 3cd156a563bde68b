-- How many requests a stage makes in all: what a job's time left follows from where a budget of a day is scarce.
ALTER TABLE "backhaul"."foreseen" ADD COLUMN "requests" JSONB;
