-- Single lanes of a job may be wider or narrower than the others.
ALTER TABLE "backhaul"."jobs" ADD COLUMN "lane_widths" JSONB;
