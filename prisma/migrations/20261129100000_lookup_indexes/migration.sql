-- Open ids in the order in which they are taken, so that a claim and a wake-up read as many as they take and not as many as wait.
DROP INDEX "backhaul"."lookups_claimable";
CREATE INDEX "lookups_claimable" ON "backhaul"."lookups"("kind", "priority", "due_at", "id") WHERE "asked" > "answered" AND "claim" IS NULL;

-- What one job asked for, for its report and for lists: without it, every row there is was read.
CREATE INDEX "lookups_jobs" ON "backhaul"."lookups" USING GIN ("jobs");
