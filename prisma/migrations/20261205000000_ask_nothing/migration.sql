-- Tasks that make no request go ahead of those that do: a job whose last page is read ends at once, and not after a turn of each other job.
ALTER TABLE "backhaul"."tasks" ADD COLUMN "asks_nothing" BOOLEAN NOT NULL DEFAULT false;
