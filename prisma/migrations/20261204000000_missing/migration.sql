-- AlterTable
ALTER TABLE "backhaul"."tasks" ADD COLUMN     "first_cursor" JSONB;
