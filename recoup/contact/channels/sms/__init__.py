"""Text messages: over an HTTP gateway in the shape of Aliyun's SendSms, or over SMPP 3.4."""
