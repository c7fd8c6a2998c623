/**
 * A certificate for `localhost`, `127.0.0.1`, `::1` and `*.reelay.test`, good until 2120, that nothing trusts by itself. Checked in, because
 * Node can sign but not make certificates and a bare machine need not have openssl. Its key is public by that and worth nothing.
 */
import { getCACertificates, setDefaultCACertificates } from 'node:tls';

export const testCertificate = {
  cert: `-----BEGIN CERTIFICATE-----
MIIBojCCAUegAwIBAgIBAjAKBggqhkjOPQQDAjAXMRUwEwYDVQQDDAxSZWVsYXkg
dGVzdHMwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMBcxFTATBgNV
BAMMDFJlZWxheSB0ZXN0czBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABKmF2K0L
x1d888MrldEQnkZ8EoB3jL1N9iTcLNHSxNeRoQqIG6TCwR3g4ntxMF/i3JTcFNI7
mSWA+ZRlTGZvQG+jgYEwfzAMBgNVHRMBAf8EAjAAMBMGA1UdJQQMMAoGCCsGAQUF
BwMBMDsGA1UdEQQ0MDKCCWxvY2FsaG9zdIINKi5yZWVsYXkudGVzdIcEfwAAAYcQ
AAAAAAAAAAAAAAAAAAAAATAdBgNVHQ4EFgQUFbIHSAE78oomiDYPN5b69V0/yCkw
CgYIKoZIzj0EAwIDSQAwRgIhAP8iUK1gcj0CqwToSCjYfv98oHMDFfix2a21U6Yk
etEWAiEA1zyDShkvniGlKnWL2xEanaXyPSOT2Lswxq9KOuPC1Sk=
-----END CERTIFICATE-----`,
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgexJaiDSEIU3OwYzE
NPos8Bk6hppynEgHn5DV9eiCoo2hRANCAASphditC8dXfPPDK5XREJ5GfBKAd4y9
TfYk3CzR0sTXkaEKiBukwsEd4OJ7cTBf4tyU3BTSO5klgPmUZUxmb0Bv
-----END PRIVATE KEY-----`,
};

/** Lets this process trust the test certificate, beside what it trusts already. Other processes get it by NODE_EXTRA_CA_CERTS. */
export function trustTestCertificate(): void {
  setDefaultCACertificates([...getCACertificates('default'), testCertificate.cert]);
}
