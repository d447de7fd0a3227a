"""What people and bots say, in six languages, and the other texts that records are made of."""

from __future__ import annotations

DELETED = "** LP deleted data **"

TALK: tuple[tuple[tuple[str, str], ...], ...] = (
    (
        ("Where is my parcel?", "Hello, I am {agent}. May I have your order number, please?"),
        (
            "It is {number}. I ordered a week ago.",
            'Thank you. The carrier says "out for delivery" since {time}.',
        ),
        (
            "And if nobody is at home?",
            "They leave a card.\nYou can then choose another day or a shop near you.",
        ),
        ("ok 👍🏽", "Is there anything else that I can do for you today?"),
    ),
    (
        ("Guten Tag, meine Rechnung {number} stimmt nicht.", "Guten Tag! Ich schaue mir das für Sie an …"),
        (
            "Es sind 12,50 € zu viel – größer als üblich.",
            "Stimmt: die Gebühr „Express“ wurde doppelt berechnet.",
        ),
        ("Und jetzt?", "Ich schreibe sie Ihnen gut; das dauert drei Werktage.\r\n\r\nViele Grüße\r\n{agent}"),
    ),
    (
        (
            "Bonjour, où en est ma commande n° {number} ?",
            "Bonjour, c’est {agent}. Je vérifie ça tout de suite.",
        ),
        ("Merci beaucoup !", "Elle a été expédiée hier ; voici le suivi : C:\\suivi\\{number}\\état"),
    ),
    (
        ("ログインできません。", "ご不便をおかけして申し訳ございません。{agent}が確認いたします。"),
        ("パスワードを忘れました。", "再設定用のメールをお送りしました。ご確認ください。"),
    ),
    (
        ("שלום, יש לי שאלה על החשבון {number}", "שלום! אשמח לעזור. מה השאלה?"),
        ("תודה רבה", "בשמחה, שיהיה יום נעים!\tלהתראות"),
    ),
    (
        (
            "¿Puedo cambiar la dirección de envío?",
            "Claro. ¿Cuál es la nueva dirección para el pedido {number}?",
        ),
        ('Calle Mayor 1, 3º "B", León', "Hecho. Recibirá una confirmación por correo en unos minutos."),
        ("=SUM(A1:A9)", "Perdone, no le he entendido. ¿Me lo puede explicar de otra manera?"),
    ),
)
LANGUAGES = ("en-US", "de-DE", "fr-FR", "ja-JP", "he-IL", "es-ES")

NAMES = (
    ("Dana", "Example"), ("Jürgen", "Groß"), ("Chloé", "d'Arc"), ("花子", "佐藤"), ("יעל", "כהן"), ("Íñigo", "Peña"),
    ("Nguyễn", "Văn An"), ("Robert'); --", "Tables"), ("Ada", "O’Hara"), ("Оля", "Петрова"),
)  # fmt: skip
CITIES = (
    ("United States", "US", "Texas", "Austin"),
    ("Germany", "DE", "Nordrhein-Westfalen", "Köln"),
    ("Canada", "CA", "Québec", "Montréal"),
    ("Japan", "JP", "東京都", "千代田区"),
)
BROWSERS = (("FIREFOX", "140.0", "WINDOWS"), ("CHROME", "140.0.1", "LINUX"), ("SAFARI", "19", "OSX"))
INTENTS = (
    ("3f1c.where_is_my_order", "Where is my order"),
    ("77b0.billing_question", "Billing “question”"),
    ("a9d2.password_reset", "パスワード"),
    ("10fe.change_address", "Change address"),
)
ADVICE = '{{"type":"vertical","elements":[{{"type":"text","text":"Order {number}"}},{{"type":"button","title":"Track “{number}”","click":{{"actions":[{{"type":"link","uri":"https://shop.acme.test/t/{number}"}}]}}}}]}}'
RAW_METADATA = (
    '[{{"type":"BotResponse","externalConversationId":"bot-{number}","businessCases":["tracking"]}}]'
)
