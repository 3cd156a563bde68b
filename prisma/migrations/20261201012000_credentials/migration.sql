-- The tokens of accounts that people connect, sealed. A refresh takes a lease and saves its tokens under the fence of their version.
create type "backhaul"."credential_state" as enum ('ready', 'reauth_required');

create table "backhaul"."credentials" (
  "id" text not null,
  "source" text not null,
  "kind" text not null,
  "sealed" text not null,
  "expires_at" timestamptz,
  "state" "backhaul"."credential_state" not null default 'ready',
  "reason" text,
  "version" bigint not null default 1,
  "lease_holder" text,
  "lease_until" timestamptz,
  "interrupted_at" timestamptz,
  "refreshed_at" timestamptz,
  "created_at" timestamptz not null default current_timestamp,
  "updated_at" timestamptz not null default current_timestamp,
  constraint "credentials_pkey" primary key ("id")
);
