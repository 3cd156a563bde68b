-- What a search of jobs reads: one narrow row for each, in lower case. It needs no extension, which the owner of a database may not be allowed to create.
CREATE TABLE "backhaul"."job_texts" (
    "job_id" UUID NOT NULL,
    "text" TEXT NOT NULL,

    CONSTRAINT "job_texts_pkey" PRIMARY KEY ("job_id")
);

ALTER TABLE "backhaul"."job_texts" ADD CONSTRAINT "job_texts_job_id_fkey" FOREIGN KEY ("job_id") REFERENCES "backhaul"."jobs"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Lines, so that no match begins in one field and ends in another.
CREATE FUNCTION backhaul.job_text(label text, active_key text, error text, source text, params jsonb) RETURNS text LANGUAGE sql IMMUTABLE AS
$$ SELECT lower(concat_ws(E'\n', label, active_key, error, source, params::text)) $$;

CREATE FUNCTION backhaul.add_job_texts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO backhaul.job_texts (job_id, text)
  SELECT id, backhaul.job_text(label, active_key, error, source, params) FROM added;
  RETURN NULL;
END $$;

CREATE FUNCTION backhaul.change_job_text() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE backhaul.job_texts SET text = backhaul.job_text(NEW.label, NEW.active_key, NEW.error, NEW.source, NEW.params) WHERE job_id = NEW.id;
  RETURN NULL;
END $$;

CREATE TRIGGER text_added AFTER INSERT ON "backhaul"."jobs" REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION backhaul.add_job_texts();
CREATE TRIGGER text_changed AFTER UPDATE OF "label", "active_key", "error", "source", "params" ON "backhaul"."jobs" FOR EACH ROW
  WHEN ((OLD.label, OLD.active_key, OLD.error, OLD.source, OLD.params) IS DISTINCT FROM (NEW.label, NEW.active_key, NEW.error, NEW.source, NEW.params))
  EXECUTE FUNCTION backhaul.change_job_text();

INSERT INTO "backhaul"."job_texts" ("job_id", "text") SELECT id, backhaul.job_text(label, active_key, error, source, params) FROM "backhaul"."jobs";
