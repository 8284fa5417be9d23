<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="en" sourcelanguage="en">
<context>
    <name>CaseActions</name>
    <message numerus="yes">
        <source>%n files or folders</source>
        <translation>
            <numerusform>%n file or folder</numerusform>
            <numerusform>%n files or folders</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>GalleryDesk</name>
    <message numerus="yes">
        <source>The watch-list has hits: %n</source>
        <translation>
            <numerusform>The watch-list has one hit</numerusform>
            <numerusform>The watch-list has %n hits</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>SearchView</name>
    <message numerus="yes">
        <source>Not made anew: %n</source>
        <translation>
            <numerusform>One voice was not made anew:</numerusform>
            <numerusform>%n voices were not made anew:</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>SegmentPanel</name>
    <message numerus="yes">
        <source>%n segments, {seconds} s of speech</source>
        <translation>
            <numerusform>%n segment, {seconds} s of speech</numerusform>
            <numerusform>%n segments, {seconds} s of speech</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n speakers</source>
        <translation>
            <numerusform>%n speaker</numerusform>
            <numerusform>%n speakers</numerusform>
        </translation>
    </message>
</context>
</TS>
