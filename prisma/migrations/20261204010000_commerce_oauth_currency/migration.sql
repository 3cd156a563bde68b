-- Printify tells no currency of its shops: who connects them by a link may name it.
ALTER TABLE "commerce"."oauth_states" ADD COLUMN "currency" TEXT;
