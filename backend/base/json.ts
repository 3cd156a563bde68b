export type Json = null | boolean | number | string | Json[] | { [key: string]: Json | undefined }
/** A record's identity as its source writes it; compared as text. */
export type Id = string
