-- Collections a relay has listed a repo for: they are read whatever its host says that it has.
ALTER TABLE "atproto"."repos" ADD COLUMN "listed" TEXT[] NOT NULL DEFAULT '{}';
