-- What became of a connection that a user began, for whoever waits for it.
ALTER TABLE "commerce"."oauth_states" ADD COLUMN "taken_at" TIMESTAMPTZ;
ALTER TABLE "commerce"."oauth_states" ADD COLUMN "refused" TEXT;
ALTER TABLE "commerce"."oauth_states" ADD COLUMN "account_ids" UUID[] NOT NULL DEFAULT ARRAY[]::UUID[];
