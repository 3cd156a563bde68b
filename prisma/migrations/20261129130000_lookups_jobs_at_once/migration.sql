-- Entries that wait to be merged into the index are read one by one by each search: 200 ms for a page of jobs after 100,000 of them.
ALTER INDEX "backhaul"."lookups_jobs" SET (fastupdate = off);
SELECT gin_clean_pending_list('backhaul.lookups_jobs');
