-- AlterTable
ALTER TABLE "toastmasters"."cache_statistics" ADD COLUMN     "base_evicted" BIGINT NOT NULL DEFAULT 0,
ADD COLUMN     "base_expired" BIGINT NOT NULL DEFAULT 0,
ADD COLUMN     "base_hits" BIGINT NOT NULL DEFAULT 0,
ADD COLUMN     "base_misses" BIGINT NOT NULL DEFAULT 0;
