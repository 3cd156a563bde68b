-- Which credential has the tokens of an account. No account could be connected before, so no row lacks one.
ALTER TABLE "commerce"."accounts" DROP COLUMN "reason";
ALTER TABLE "commerce"."accounts" ADD COLUMN "credential_id" TEXT NOT NULL;
