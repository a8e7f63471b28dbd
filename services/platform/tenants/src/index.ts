export type { CheckedFile } from './check-file.ts'
export { checkOperatorsFile, checkTenantFile, checkTenantForm } from './check-file.ts'
export type { Fault } from './faults.ts'
export { nodeSecrets, nodeTenantFiles } from './node-adapters.ts'
export { isOrgnr } from './orgnr.ts'
export { createTenantRegistry } from './registry.ts'
export type {
  LastGood,
  TenantChange,
  TenantFiles,
  TenantProblem,
  TenantRegistry,
  TenantRegistryOptions,
} from './registry-types.ts'
export type { Klient, KlientScope, Operator, OperatorScope } from './schema/klienter.ts'
export { KLIENT_SCOPES, OPERATOR_SCOPES } from './schema/klienter.ts'
export type { Noark5Login, Noark5Settings } from './schema/noark5.ts'
export type { MaskinportenSettings, SvarUtSettings } from './schema/svarut.ts'
export type { RetentionSettings, Tenant } from './schema/tenant-file.ts'
export type { WayOutSettings } from './schema/way-out.ts'
export { isProxyAddress } from './schema/way-out.ts'
export type { SecretResolver } from './secret.ts'
export { Secret } from './secret.ts'
export { holdsCertificates } from './secret-checks.ts'
