-- AlterTable
ALTER TABLE "toastmasters"."revisions" ADD COLUMN     "read_at" TIMESTAMPTZ[];
UPDATE "toastmasters"."revisions" SET "read_at" = ARRAY[fetched_at];
ALTER TABLE "toastmasters"."revisions" DROP COLUMN "fetched_at";
