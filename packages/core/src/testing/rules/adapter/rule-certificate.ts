/** A certificate as a proxy forwards it: DER in base64. Whether it is valid now is no matter of adapters. */
export const RULE_CERTIFICATE = [
  'MIIBhzCCAS2gAwIBAgIUChzrYX9D/Ek8uxyszW8aa/vmw7kwCgYIKoZIzj0EAwIwGDEWMBQGA1UEAwwNcnVsZXMuZXhhbXBsZTAg',
  'Fw0yNjExMjYxNzEyMTZaGA8yMTI2MTEwMjE3MTIxNlowGDEWMBQGA1UEAwwNcnVsZXMuZXhhbXBsZTBZMBMGByqGSM49AgEGCCqG',
  'SM49AwEHA0IABEBAiBzaMbLxcYtvopdvyDSk9cwvL2DWNuGs7eBOrLxmG4n/2bavH5MLx5m9TexAzmJPGf+FMpMvEARpVcK0tfSj',
  'UzBRMB0GA1UdDgQWBBRpqP7ZW0tSk5+mfUHnVpbjOuBjsjAfBgNVHSMEGDAWgBRpqP7ZW0tSk5+mfUHnVpbjOuBjsjAPBgNVHRMB',
  'Af8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIQDnOUUew147z9hMYdcDXJVB5AmYgWXxFI7fps6TWujIhQIgXHFMoQFPjG2DI3Dw',
  'DdiZ/b1jpQeQCxB+V2rAfpT5dwg=',
].join('');
