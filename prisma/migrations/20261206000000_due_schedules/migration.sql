-- Four times a second the scheduler asks which schedule is due: the first row of this index says so, however many there are.
CREATE INDEX "schedules_due" ON "backhaul"."schedules" ("due_at", "id") WHERE NOT "paused";
