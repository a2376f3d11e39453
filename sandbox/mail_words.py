"""What mail servers and programs write of their own accord: bounces and notes of absence. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from email.message import EmailMessage, Message
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import format_datetime, parseaddr

from .mail_box import Mail, header

HOST = "mx.sandbox.example"


def bounce(mail: Mail, recipient: str, status: str, said: str, at: float, key: str) -> bytes:
    """A report that `mail` did not reach `recipient` (RFC 3464), with the headers of what came back."""
    report = MIMEMultipart("report", report_type="delivery-status")
    report["From"] = f"Mail Delivery System <MAILER-DAEMON@{HOST}>"
    report["To"] = mail.sender
    report["Subject"] = "Undelivered Mail Returned to Sender"
    report["Date"] = format_datetime(datetime.fromtimestamp(at, UTC))
    report["Message-ID"] = f"<bounce.{key}@{HOST}>"
    report["Auto-Submitted"] = "auto-replied"
    report.attach(
        MIMEText(
            f"This is the mail system at host {HOST}.\n\n"
            "I'm sorry to have to inform you that your message could not be delivered to one or more recipients.\n\n"
            f"<{recipient}>: host {HOST} said: {status.replace('.', '')} {status} {said}\n"
        )
    )
    per_mail, per_recipient = Message(), Message()
    per_mail["Reporting-MTA"] = f"dns; {HOST}"
    per_recipient["Final-Recipient"] = f"rfc822; {recipient}"
    per_recipient["Action"] = "failed" if status.startswith("5") else "delayed"
    per_recipient["Status"] = status
    per_recipient["Diagnostic-Code"] = f"smtp; {'550' if status.startswith('5') else '450'} {status} {said}"
    dsn = Message()
    dsn["Content-Type"] = "message/delivery-status"
    dsn.set_payload([per_mail, per_recipient])
    report.attach(dsn)
    returned = Message()
    returned["Content-Type"] = "text/rfc822-headers"
    kept = [(name, " ".join(str(value).split())) for name, value in mail.parsed().items()]
    returned.set_payload(
        "".join(f"{name}: {value}\n" for name, value in kept).encode("ascii", "replace").decode()
    )
    report.attach(returned)
    return report.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def absence(mail: Mail, address: str, at: float, key: str, bare: bool) -> bytes:
    """ "I am out of office", from `address`; `bare`: by a program that marks it in no way (RFC 3834 unheeded)."""
    theirs = mail.parsed()
    note = EmailMessage()
    note["From"] = address
    note["To"] = parseaddr(header(theirs, "Reply-To") or header(theirs, "From"))[1]
    note["Subject"] = f"Out of office: {header(theirs, 'Subject')}"[:200]
    note["Date"] = format_datetime(datetime.fromtimestamp(at, UTC))
    note["Message-ID"] = f"<away.{key}@{address.partition('@')[2]}>"
    if found := header(theirs, "Message-ID"):
        note["In-Reply-To"], note["References"] = found, found
    if not bare:
        note["Auto-Submitted"] = "auto-replied"
        note["Precedence"] = "junk"
    note.set_content("I am out of the office until Monday with limited access to my mail.\n")
    return note.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
