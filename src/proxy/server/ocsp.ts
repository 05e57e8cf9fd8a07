// Questions to the issuer of a certificate whether it still stands by it, and what its answers are worth (RFC 6960).
import { createHash, createPublicKey, verify, X509Certificate } from 'node:crypto';
import {
  BasicOCSPResponse,
  CertID,
  id_pkix_ocsp_basic,
  OCSPRequest,
  OCSPResponse,
  OCSPResponseStatus,
  Request,
  type SingleResponse,
  TBSRequest,
} from '@peculiar/asn1-ocsp';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import { AlgorithmIdentifier, Certificate } from '@peculiar/asn1-x509';
import { VezaError } from '../../lib/errors.ts';

export interface OcspAnswer {
  /** As it goes to clients. */
  readonly der: Buffer;
  readonly thisUpdateMs: number;
  /** Undefined: newer ones can be had at any time. */
  readonly nextUpdateMs: number | undefined;
}

const sha1 = '1.3.14.3.2.26';
const ocspSigning = '1.3.6.1.5.5.7.3.9';
/** Clocks differ. */
const skewMs = 300_000;

/** Digests by the algorithm of the signature; nothing weaker than these is believed. */
const digests: Readonly<Record<string, string | null>> = {
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
  '1.3.101.112': null,
};

/** The certificate that is asked about, in the words of its issuer. SHA-1 is what responders expect (RFC 5019). */
function certId(certificate: X509Certificate, issuer: X509Certificate): CertID {
  const own = AsnConvert.parse(certificate.raw, Certificate).tbsCertificate;
  const from = AsnConvert.parse(issuer.raw, Certificate).tbsCertificate;
  const name = Buffer.from(AsnConvert.serialize(from.subject));
  const key = Buffer.from(from.subjectPublicKeyInfo.subjectPublicKey);
  return new CertID({
    hashAlgorithm: new AlgorithmIdentifier({ algorithm: sha1, parameters: null }),
    issuerNameHash: new OctetString(createHash('sha1').update(name).digest()),
    issuerKeyHash: new OctetString(createHash('sha1').update(key).digest()),
    serialNumber: own.serialNumber,
  });
}

export function ocspRequest(certificate: X509Certificate, issuer: X509Certificate): Buffer {
  const request = new Request({ reqCert: certId(certificate, issuer) });
  return Buffer.from(AsnConvert.serialize(new OCSPRequest({ tbsRequest: new TBSRequest({ requestList: [request] }) })));
}

function bad(reason: string): VezaError {
  return new VezaError('bad-ocsp-answer', `the answer ${reason}`);
}

/** Takes an answer that is signed, about this certificate, of now, and good; throws what is wrong with any other. */
export function readOcspAnswer(
  der: Buffer,
  certificate: X509Certificate,
  issuer: X509Certificate,
  nowMs: number,
): OcspAnswer {
  let basic: BasicOCSPResponse;
  try {
    const { responseStatus, responseBytes } = AsnConvert.parse(der, OCSPResponse);
    if (responseStatus !== OCSPResponseStatus.successful)
      throw bad(`is an error (${OCSPResponseStatus[responseStatus]})`);
    if (responseBytes?.responseType !== id_pkix_ocsp_basic) throw bad('is of an unknown type');
    basic = AsnConvert.parse(responseBytes.response.buffer, BasicOCSPResponse);
  } catch (error) {
    throw error instanceof VezaError ? error : bad('cannot be read');
  }
  checkSignature(basic, issuer, nowMs);
  const wanted = Buffer.from(AsnConvert.serialize(certId(certificate, issuer)));
  const single = basic.tbsResponseData.responses.find(({ certID }) =>
    Buffer.from(AsnConvert.serialize(certID)).equals(wanted),
  );
  if (!single) throw bad('is not about the certificate');
  return { der, ...validityOf(single, nowMs) };
}

function validityOf({ certStatus, thisUpdate, nextUpdate }: SingleResponse, nowMs: number): Omit<OcspAnswer, 'der'> {
  if (certStatus.revoked) throw bad(`is that it was revoked on ${certStatus.revoked.revocationTime.toISOString()}`);
  if (certStatus.good === undefined) throw bad('is that its issuer does not know it');
  if (thisUpdate.getTime() > nowMs + skewMs) throw bad('is of the future');
  if (nextUpdate && nextUpdate.getTime() <= nowMs) throw bad('is out of date');
  return { thisUpdateMs: thisUpdate.getTime(), nextUpdateMs: nextUpdate?.getTime() };
}

/** By the issuer, or by somebody whom it named for just that. */
function checkSignature(basic: BasicOCSPResponse, issuer: X509Certificate, nowMs: number): void {
  const digest = digests[basic.signatureAlgorithm.algorithm];
  const raw = basic.tbsResponseDataRaw;
  if (digest === undefined || !raw) throw bad('is signed in an unknown way');
  const delegates = (basic.certs ?? [])
    .map((certificate) => new X509Certificate(Buffer.from(AsnConvert.serialize(certificate))))
    .filter((certificate) => isDelegate(certificate, issuer, nowMs));
  const signature = Buffer.from(basic.signature);
  const holds = [issuer, ...delegates].some(({ publicKey }) => {
    const key = createPublicKey(publicKey.export({ type: 'spki', format: 'pem' }));
    return verify(digest, Buffer.from(raw), key, signature);
  });
  if (!holds) throw bad('is not signed by the issuer of the certificate');
}

function isDelegate(certificate: X509Certificate, issuer: X509Certificate, nowMs: number): boolean {
  // Without the extension it is undefined, whatever the types say.
  const uses = certificate.keyUsage as readonly string[] | undefined;
  return (
    certificate.checkIssued(issuer) &&
    certificate.verify(issuer.publicKey) &&
    uses?.includes(ocspSigning) === true &&
    Date.parse(certificate.validFrom) <= nowMs + skewMs &&
    Date.parse(certificate.validTo) > nowMs
  );
}
