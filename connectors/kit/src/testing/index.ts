export type { TestAuthority, TestCertificate } from './certificates.ts'
export { createTestAuthority } from './certificates.ts'
export type { ProxyBehaviour, TestProxy } from './connect-proxy.ts'
export { startTestProxy } from './connect-proxy.ts'
