/** A value that JSON can say; what the store and events carry. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json | undefined }
