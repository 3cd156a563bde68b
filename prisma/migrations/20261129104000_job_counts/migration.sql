-- How many jobs of each source and status there are, without reading them. What a transaction changes is added as rows of its own,
-- so that no two wait for one row; the sum is exact in every snapshot, and the scheduler folds the rows together.
CREATE TABLE "backhaul"."job_counts" (
    "id" BIGSERIAL NOT NULL,
    "source" TEXT NOT NULL,
    "status" "backhaul"."job_status" NOT NULL,
    "jobs" INTEGER NOT NULL,

    CONSTRAINT "job_counts_pkey" PRIMARY KEY ("id")
);

CREATE FUNCTION backhaul.count_jobs_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO backhaul.job_counts (source, status, jobs) SELECT source, status, count(*) FROM added GROUP BY 1, 2;
  RETURN NULL;
END $$;

CREATE FUNCTION backhaul.count_jobs_removed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO backhaul.job_counts (source, status, jobs) SELECT source, status, -count(*) FROM removed GROUP BY 1, 2;
  RETURN NULL;
END $$;

CREATE FUNCTION backhaul.count_job_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO backhaul.job_counts (source, status, jobs) VALUES (old.source, old.status, -1), (new.source, new.status, 1);
  RETURN NULL;
END $$;

CREATE FUNCTION backhaul.count_no_jobs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM backhaul.job_counts;
  RETURN NULL;
END $$;

-- Creating a trigger locks the table against writes until this migration commits, so the first count is exact.
CREATE TRIGGER count_added AFTER INSERT ON "backhaul"."jobs" REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION backhaul.count_jobs_added();
CREATE TRIGGER count_removed AFTER DELETE ON "backhaul"."jobs" REFERENCING OLD TABLE AS removed
  FOR EACH STATEMENT EXECUTE FUNCTION backhaul.count_jobs_removed();
CREATE TRIGGER count_moved AFTER UPDATE OF "status", "source" ON "backhaul"."jobs" FOR EACH ROW
  WHEN (old.status IS DISTINCT FROM new.status OR old.source IS DISTINCT FROM new.source) EXECUTE FUNCTION backhaul.count_job_moved();
CREATE TRIGGER count_none AFTER TRUNCATE ON "backhaul"."jobs" FOR EACH STATEMENT EXECUTE FUNCTION backhaul.count_no_jobs();

INSERT INTO "backhaul"."job_counts" ("source", "status", "jobs") SELECT "source", "status", count(*) FROM "backhaul"."jobs" GROUP BY 1, 2;
