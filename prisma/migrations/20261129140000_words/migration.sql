-- Columns take the field's words: a worker is woken, sends heartbeats, and a person comes by an entry point.
ALTER TABLE "backhaul"."tasks" RENAME COLUMN "rung_at" TO "woken_at";
ALTER TABLE "backhaul"."tasks" RENAME COLUMN "rings" TO "wakes";
ALTER TABLE "backhaul"."lookups" RENAME COLUMN "rung_at" TO "woken_at";
ALTER TABLE "backhaul"."lookups" RENAME COLUMN "rings" TO "wakes";
ALTER TABLE "backhaul"."workers" RENAME COLUMN "beat_at" TO "heartbeat_at";
ALTER TABLE "backhaul"."actions" RENAME COLUMN "door" TO "entry_point";
