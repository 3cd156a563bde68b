-- What a source refused, for a person who looks; there are few of them among many lookups.
CREATE INDEX "lookups_refused" ON "backhaul"."lookups"("kind", "id") WHERE "error" IS NOT NULL;
